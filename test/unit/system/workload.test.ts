import { describe, expect, it } from 'vitest';
import { workloadOf } from '../../../src/system/parse/workload.js';

describe('the workload of a pod', () => {
  it.each([
    ['web-5d4f8c7b9-x2x4z', 'web'],
    ['coredns-76f75df574-7n8qs', 'coredns'],
    ['shop-web-v2-64b5c-zz9q8', 'shop-web-v2'],
    ['backup-28412345-c9wq7', 'backup'],
    ['backup-1601234520-c9wq7', 'backup'],
    ['kube-proxy-r9gzn', 'kube-proxy'],
    ['db-0', 'db'],
    ['kafka-broker-12', 'kafka-broker'],
  ])('is named by its controller: %s', (pod, workload) => {
    expect(workloadOf(pod, 'n1')).toBe(workload);
  });

  it('is in the manifest of a node that adds its own name', () => {
    expect(workloadOf('kube-apiserver-n1', 'n1')).toBe('kube-apiserver');
    expect(workloadOf('etcd-ip-10-0-0-1', 'ip-10-0-0-1')).toBe('etcd');
  });

  it.each(['my-nginx', 'debug', 'db-mysql', 'app-proxy', '-0', 'run-1234567'])(
    'is itself when made by hand: %s',
    (pod) => {
      expect(workloadOf(pod, '')).toBe(pod);
    },
  );
});
