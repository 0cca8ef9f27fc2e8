/** What Docker's and Podman's command lines have in common. In: one that runs words. Out: containers as story.ts wants them. */
import type { WithHosts } from './hosts.js';
import { type Containers, SECRET } from './story.js';

export const IMAGE = 'shop/tools:1.2';

export abstract class Client implements Containers, WithHosts {
  abstract readonly place: Containers['place'];
  /** Of a container that shares the network namespace, whose program is a shell. */
  private readonly shell: readonly string[];

  /**
   * @param limits options of each container
   * @param removing options of `rm`
   */
  constructor(
    limits: readonly string[],
    private readonly removing: readonly string[],
  ) {
    this.shell = ['--network=host', `--env=KEY=${SECRET}`, '--entrypoint=sh', ...limits, IMAGE, '-c'];
  }

  abstract run(...words: string[]): Promise<void>;

  short(name: string, script: string): Promise<void> {
    return this.run('run', '--rm', `--name=${name}`, ...this.shell, script);
  }

  long(name: string, script: string, host?: readonly [name: string, address: string]): Promise<void> {
    const hosts = host === undefined ? [] : [`--add-host=${host.join(':')}`];
    return this.run('run', '--detach', `--name=${name}`, ...hosts, ...this.shell, script);
  }

  rewrite(name: string, line: string): Promise<void> {
    return this.run('exec', name, 'sh', '-c', `echo "${line}" > /etc/hosts`);
  }

  rename = (from: string, to: string): Promise<void> => this.run('rename', from, to);

  remove(name: string): Promise<void> {
    return this.run('rm', '--force', ...this.removing, name);
  }
}
