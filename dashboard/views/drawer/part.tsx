/** What the drawer's parts have in common: a heading, and facts by name. */
import type { ComponentChildren } from 'preact';
import { foreign } from '../../text/format.js';

export function Part({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
  return (
    <section aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>{title}</h3>
      {children}
    </section>
  );
}

export function Facts({ of }: { of: readonly (readonly [string, string | null])[] }) {
  return (
    <dl>
      {of.map(([label, text]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <bdi>{foreign(text)}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
