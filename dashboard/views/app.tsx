/**
 * The page on one screen: strip, verdict, diagnosis, budgets and namespaces, culprits, failures, the cross-check with the kernel. Enters: signals. Called by main.
 */
import { useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { keysWith, onKey } from '../keys.js';
import { hello, link, namespaces, now, state, verdict } from '../model.js';
import { crossCheckWords, isOld, lostWords, titleWords } from '../words.js';
import { Budgets } from './budgets.js';
import { Diagnosis } from './diagnosis.js';
import { Drawer } from './drawer.js';
import { Failures } from './failures.js';
import { Flows } from './flows.js';
import { Help, showHelp } from './help.js';
import { Paused } from './paused.js';
import { Status } from './status.js';
import { Totals } from './totals.js';
import { icon, Verdict } from './verdict.js';

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
      <Status />
      <Lost />
      <Notice />
      <Paused />
      <main class={old ? 'old' : ''}>
        <Verdict />
        <Diagnosis />
        <div class="top">
          <Budgets />
          <Totals />
        </div>
        <Flows />
        <Failures />
        <CrossCheck />
      </main>
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
    </footer>
  );
}

function Lost() {
  if (link.value.phase !== 'lost') return null;
  const { reason, retry } = lostWords(link.value, now.value);
  return (
    <p class="notice">
      <span role="alert">{reason}</span> {retry}
    </p>
  );
}

/** An error of the service that concerns the page as a whole. */
function Notice() {
  const { refusal } = state.value;
  return refusal === null ? null : (
    <p class="notice" role="alert">
      The service says: {refusal.message} ({refusal.code})
    </p>
  );
}
