/** The port map's place on the page; its picture is loaded when it comes into sight. */
import { Folded } from '../panels/folded.js';

const load = async () => (await import('./picture.js')).Picture;

export const PortMap = () => <Folded id="port-map" title="Port map" load={load} />;
