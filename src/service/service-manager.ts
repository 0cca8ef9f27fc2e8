/**
 * Notifications to a service manager (sd_notify(3)): ready, stopping, still alive. In: NOTIFY_SOCKET, WATCHDOG_USEC and
 * WATCHDOG_PID of the environment. Out: datagrams, sent by the addon, since Node has no unix datagram sockets. Without
 * NOTIFY_SOCKET nothing is sent.
 */
import { printable } from '../cli/screen/text.js';

export interface ServiceManagerOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Throws when no process listens at that address. */
  send(address: string, text: string): void;
  /** A message did not arrive. */
  failed(error: Error): void;
}

export class ServiceManager {
  readonly #address: string | null;
  #watchdog: NodeJS.Timeout | null = null;

  constructor(private readonly options: ServiceManagerOptions) {
    this.#address = options.env.NOTIFY_SOCKET || null;
  }

  /** `status` is for people: `systemctl status` shows it. */
  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${printable(status)}`);
  }

  /** What people read beside the service's name; one line. */
  status(text: string): void {
    this.#send(`STATUS=${printable(text)}`);
  }

  /** Sends a sign of life twice per period while `alive` is true; systemd restarts a service that stays silent. */
  watch(alive: () => boolean): void {
    const period = watchdogMs(this.options);
    if (this.#address === null || period === null) return;
    const report = () => {
      if (alive()) this.#send('WATCHDOG=1');
    };
    report();
    this.#watchdog = setInterval(report, period / 2).unref();
  }

  stopping(): void {
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    this.#send('STOPPING=1');
  }

  #send(text: string): void {
    if (this.#address === null) return;
    try {
      this.options.send(this.#address, text);
    } catch (error) {
      this.options.failed(error as Error);
    }
  }
}

/** Null: there is no watchdog, or it watches another process. */
function watchdogMs({ env, pid }: ServiceManagerOptions): number | null {
  const micros = Number(env.WATCHDOG_USEC);
  const mine = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === pid;
  return mine && Number.isInteger(micros) && micros > 0 ? Math.max(2, micros / 1000) : null;
}
