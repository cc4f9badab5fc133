import { Dialog } from '@/components/dialog'
import { Key } from '@/components/key'

import { modifier } from './use-shortcuts'

const shortcuts: [keys: string[], does: string][] = [
  [[modifier, 'K'], 'Go to a page or an instance, or do something'],
  [['/'], 'Search on this page'],
  [[modifier, 'Enter'], 'Run the SQL statement'],
  [['Esc'], 'Close what is open'],
  [['?'], 'Show this'],
]

/** What can be done by keyboard. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className="divide-y">
        {shortcuts.map(([keys, does]) => (
          <div key={does} className="flex items-center justify-between gap-4 py-2">
            <dt className="text-ink-soft">{does}</dt>
            <dd className="flex gap-1">
              {keys.map((key) => (
                <Key key={key}>{key}</Key>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
