/** The blame graph's place on the page; its picture is loaded when it comes into sight. */
import { Folded } from '../panels/folded.js';

const load = async () => (await import('./picture.js')).Picture;

export const BlameGraph = () => <Folded id="blame-graph" title="Who holds whose ports" load={load} />;
