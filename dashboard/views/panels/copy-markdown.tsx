/** Copies an incident as Markdown, for a ticket or a chat. What writes it is loaded when it is wanted. In: an incident. */
import { useSignal } from '@preact/signals';
import type { IncidentRow } from '../../../src/protocol/rows.js';

const SAID_MS = 2_000;

export function CopyMarkdown({ incident }: { incident: IncidentRow }) {
  const said = useSignal('');
  const copy = async () => {
    said.value = (await copied(incident)) ? 'Copied' : 'Not allowed to copy';
    setTimeout(() => {
      said.value = '';
    }, SAID_MS);
  };
  return (
    <button
      type="button"
      class="small"
      title="The incident as Markdown, for a ticket or a chat"
      onClick={() => void copy()}
    >
      {said.value || 'Copy as Markdown'}
    </button>
  );
}

async function copied(incident: IncidentRow): Promise<boolean> {
  const { incidentMarkdown } = await import('../../../src/view/incident-markdown.js');
  try {
    await navigator.clipboard.writeText(incidentMarkdown(incident));
    return true;
  } catch {
    return false;
  }
}
