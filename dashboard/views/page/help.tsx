/** The keys, in a dialog that `showHelp` opens. In: the list of keys. */
import { createRef } from 'preact';
import type { Key } from './keys.js';

const dialog = createRef<HTMLDialogElement>();

/** The browser moves the focus in, and back when it closes. */
export const showHelp = () => dialog.current?.showModal();

const close = () => dialog.current?.close();

export function Help({ keys }: { keys: readonly Key[] }) {
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClick={({ target, currentTarget }) => target === currentTarget && close()}
      onKeyDown={({ key }) => key === '?' && close()}
    >
      <div>
        <header class="keys">
          <h2 id="help-title">Keys</h2>
          <button type="button" class="small" onClick={close}>
            Close
          </button>
        </header>
        <dl>
          {keys.map(({ shown, does }) => (
            <div key={shown}>
              <dt>
                <kbd>{shown}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <p class="quiet">
          A click on a heading sorts. The address of this page is a link to what you see: copy it.
        </p>
      </div>
    </dialog>
  );
}
