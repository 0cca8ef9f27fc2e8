/** All rules. Each has a page of its name in docs/findings. */
import type { Rule } from '../types.js';
import { bindBeforeConnect } from './bind-before-connect.js';
import { timeWaitOverflow } from './buckets.js';
import { connectionChurn, poolBypassed } from './churn.js';
import { closeWaitLeak } from './close-wait.js';
import { bindFailure } from './failing/bind-failure.js';
import { noAnswer } from './failing/no-answer.js';
import { portScan } from './failing/port-scan.js';
import { synLoss } from './failing/syn-loss.js';
import { finWait2 } from './fin-wait-2.js';
import { narrowRange } from './narrow-range.js';
import { addressNotAvailable } from './no-address.js';
import { portExhaustion } from './port-exhaustion.js';
import { retryStorm } from './retry-storm.js';
import { serverTimeWait } from './server-time-wait.js';
import { slowConnect } from './slow-connect.js';
import { twReuse } from './tw-reuse.js';

export const RULES: Readonly<Record<string, Rule>> = {
  'connection-churn': connectionChurn,
  'pool-bypassed': poolBypassed,
  'port-exhaustion': portExhaustion,
  'bind-before-connect': bindBeforeConnect,
  'narrow-port-range': narrowRange,
  'tcp-tw-reuse': twReuse,
  'time-wait-overflow': timeWaitOverflow,
  'close-wait-leak': closeWaitLeak,
  'fin-wait-2': finWait2,
  'address-not-available': addressNotAvailable,
  'server-time-wait': serverTimeWait,
  'bind-failure': bindFailure,
  /* Before retry-storm, which asks for what it has found: each is a step of its own. */
  'port-scan': portScan,
  'retry-storm': retryStorm,
  'no-answer': noAnswer,
  'syn-loss': synLoss,
  'slow-connect': slowConnect,
};
