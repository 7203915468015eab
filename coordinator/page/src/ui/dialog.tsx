// A window over the page: the browser keeps the focus in it, Escape closes it, and the focus goes back to where it was.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export function Dialog({ title, kind = '', onClose, children }: {
  title: string;
  kind?: string;
  onClose(): void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement as (Element & { focus?(): void }) | null;
    if (element && !element.open) element.showModal();
    return () => {
      element?.close();
      setTimeout(() => before?.isConnected && before.focus?.());
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={kind}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="inside">
        <header>
          <h2>{title}</h2>
          <button type="button" class="quiet" onClick={onClose}>
            Close
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
