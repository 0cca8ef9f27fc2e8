/** What is misconfigured is found and resolves, every scenario to its end. */
import { tellScenarios } from '../e2e/stories/diagnose.js';
import { SCENARIOS } from '../e2e/stories/scenarios.js';

tellScenarios(Object.keys(SCENARIOS));
