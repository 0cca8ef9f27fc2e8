/** Namespaces as links that make the page about one of them, and the bar that says which one it is about. In: namespaces. */
import { namespaceName } from '../../../src/view/names.js';
import { enter, namespaces, netns, netnsWords, scope } from '../../state/model.js';
import { queryOf, START } from '../../state/place.js';
import { foreign } from '../../text/format.js';

/** Nothing where there is only one namespace, unless it is the very subject. */
export function NetnsLink({ of, always = false }: { of: string | null; always?: boolean }) {
  const words = netnsWords(of) ?? (always ? nameOf(of) : null);
  if (words === null || of === null) return null;
  return (
    <a
      class="netns"
      href={queryOf({ ...START, netns: of })}
      title="Show this namespace alone"
      aria-current={scope.value?.netnsId === of || undefined}
      onClick={(event) => follow(event, of)}
    >
      <bdi>{words}</bdi>
    </a>
  );
}

function nameOf(of: string | null): string | null {
  const row = namespaces.value.find(({ netnsId }) => netnsId === of);
  return row === undefined ? null : foreign(namespaceName(row));
}

/** With a key held the browser opens the link itself, in another tab. */
function follow(event: MouseEvent, of: string): void {
  event.stopPropagation();
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  enter(of);
}

export function Scope() {
  if (netns.value === null) return null;
  const row = scope.value;
  return (
    <aside class="scope" aria-label="Namespace">
      <span role="status">
        Only namespace <strong>{foreign(row === undefined ? netns.value : namespaceName(row))}</strong>
        {row === undefined && namespaces.value.length > 0 ? ': there is none like that now' : ''}
      </span>
      <button type="button" class="small" onClick={() => enter(null)}>
        Show all
      </button>
    </aside>
  );
}
