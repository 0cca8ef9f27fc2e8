/** What `systemctl status` shows of incidents. In: incidents that came into another state. Out: a line of text each time. */
import { byHarm } from '../forecast/harm.js';
import { integer } from '../protocol/format.js';
import type { IncidentRow } from '../protocol/rows.js';

export class IncidentStatus {
  private readonly lasting = new Map<string, IncidentRow>();
  private url = '';

  constructor(private readonly show: (text: string) => void) {}

  /** The line from now on begins with where the service is. @returns the line */
  of(url: string): string {
    this.url = url;
    return this.text();
  }

  report(incident: IncidentRow): void {
    if (incident.state === 'over') this.lasting.delete(incident.key);
    else this.lasting.set(incident.key, incident);
    if (this.url !== '') this.show(this.text());
  }

  /** With the worst one, as it was when it came into its state. */
  private text(): string {
    const [worst] = [...this.lasting.values()].sort(byHarm);
    if (worst === undefined) return this.url;
    const { size } = this.lasting;
    return `${this.url} ${integer(size)} ${size === 1 ? 'incident' : 'incidents'}, ${worst.state}: ${worst.title}`;
  }
}
