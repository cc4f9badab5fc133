/** A key of the keyboard. */
export function Key({ children }: { children: string }) {
  return (
    <kbd className="grid h-5 min-w-5 place-items-center rounded border border-b-2 bg-sunken px-1 font-sans text-xs text-ink-soft">
      {children}
    </kbd>
  )
}
