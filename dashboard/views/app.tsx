/**
 * The page on one screen: strip, verdict, diagnosis, budgets and namespaces, culprits, failures, the cross-check with the kernel. Enters: signals. Called by main.
 */
import { useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { hello, link, namespaces, now, state, verdict } from '../model.js';
import { crossCheckWords, isOld, lostWords, titleWords } from '../words.js';
import { Budgets } from './budgets.js';
import { Diagnosis } from './diagnosis.js';
import { Failures } from './failures.js';
import { Flows } from './flows.js';
import { Status } from './status.js';
import { Totals } from './totals.js';
import { icon, Verdict } from './verdict.js';

export function App() {
  const old = useComputed(() => isOld(link.value, now.value)).value;
  useEffect(() => {
    document.title = titleWords(hello.value, verdict.value, old);
    document.querySelector('link[rel=icon]')?.setAttribute('href', icon(verdict.value, old));
  }, [hello.value, verdict.value, old]);
  useEffect(() => {
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <Status />
      <Lost />
      <Notice />
      <Limits />
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

/** What this service cannot answer, and the fix. */
function Limits() {
  const limits = hello.value?.limits ?? [];
  return limits.map(({ text, fix }) => (
    <p class="notice" key={text}>
      {text} <strong>Fix:</strong> <code>{fix}</code>
    </p>
  ));
}

/** `/` goes to the filter from anywhere but a field that takes text. */
function onKey(event: KeyboardEvent): void {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  document.getElementById('filter')?.focus();
}
