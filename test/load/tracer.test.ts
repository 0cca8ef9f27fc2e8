/** A tracer that is opened and closed again and again leaves nothing in the kernel. */
import { it } from 'vitest';
import { openAddon } from '../../src/engine/addon.js';
import { opensAndCloses } from '../support/leftovers.js';

it('closing leaves no BPF program behind, 20 times over', () => opensAndCloses(openAddon(), 20));
