/** What several processes have in common: field by field. That groups of rows are made by the same rules: unit/query/group.test.ts. */
import { expect, it } from 'vitest';
import { commonOf } from '../../../src/protocol/parts/common.js';
import { ProcessInfo } from '../../../src/protocol/rows.js';
import { proc } from '../publish/rows.js';

const common = commonOf<ProcessInfo>(ProcessInfo);

it('keeps what is equal, and says nothing of what differs', () => {
  const one = proc({ pid: 1, comm: 'postgres', parent: { pid: 7, comm: 'postmaster' }, ppid: 7 });
  const other = proc({
    pid: 2,
    comm: 'postgres',
    parent: { pid: 8, comm: 'postmaster' },
    ppid: 8,
    self: true,
  });
  expect(common([one, other])).toEqual({
    ...one,
    pid: null,
    ppid: null,
    parent: { pid: null, comm: 'postmaster' },
    self: true,
  });
  expect(common([one])).toEqual(one);
});
