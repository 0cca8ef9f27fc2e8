/**
 * The page: on its first screen strip, verdict, incident; what led there beside the ports as they are now; budgets beside culprits; failures
 * and event log, the cross-check with the kernel; below it the graph of blame and the namespaces.
 */
import { useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { hello, link, namespaces, now, verdict } from '../../state/model.js';
import { integer } from '../../text/format.js';
import { isOld } from '../../text/link-words.js';
import { crossCheckWords, titleWords } from '../../text/words.js';
import { Flows } from '../culprits/flows.js';
import { Drawer } from '../drawer/drawer.js';
import { BlameGraph } from '../graph/blame-graph.js';
import { Incident } from '../incident/card.js';
import { Budgets } from '../panels/budgets.js';
import { Failures } from '../panels/failures.js';
import { Journal } from '../panels/journal.js';
import { Totals } from '../panels/totals.js';
import { PortMap } from '../ports/port-map.js';
import { Timeline } from '../timeline/timeline.js';
import { WhatIf } from '../whatif/lazy.js';
import { Help, showHelp } from './help.js';
import { keysWith, onKey } from './keys.js';
import { narrow } from './narrow.js';
import { Notices } from './notices.js';
import { Paused } from './paused.js';
import { Scope } from './scope.js';
import { Facts, Status } from './status.js';
import { Announcement, icon, Verdict } from './verdict.js';

const KEYS = keysWith(showHelp);

export function App() {
  const old = useComputed(() => isOld(link.value, now.value)).value;
  useEffect(() => {
    document.title = titleWords(hello.value, verdict.value, old);
    document.querySelector('link[rel=icon]')?.setAttribute('href', icon(verdict.value, old));
  }, [hello.value, verdict.value, old]);
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(KEYS, event);
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);
  return (
    <>
      <div class="screen">
        <Status />
        <Paused />
        <Announcement />
        <Scope />
        <main class={old ? 'old' : ''}>
          <Notices />
          <Verdict />
          <Incident />
          <div class="course">
            <Timeline />
            <PortMap />
          </div>
          <div class="middle">
            <Budgets />
            <Flows />
          </div>
          <div class="bottom">
            <Failures />
            <Journal />
          </div>
          <CrossCheck />
        </main>
      </div>
      <div class={old ? 'old' : ''}>
        <BlameGraph />
        <Totals />
        {narrow.value ? <Facts /> : null}
      </div>
      <WhatIf />
      <Drawer />
      <Help keys={KEYS} />
    </>
  );
}

function CrossCheck() {
  if (namespaces.value.length === 0) return null;
  const { word, title } = crossCheckWords(namespaces.value);
  return (
    <footer class="check">
      <span title={title}>{word}</span>
      <button type="button" class="plain" onClick={toNamespaces}>
        {`Namespaces (${integer(namespaces.value.length)}) ↓`}
      </button>
    </footer>
  );
}

/** They are below the first screen. */
function toNamespaces(): void {
  document.getElementById('totals-title')?.scrollIntoView();
}
