import { ArchiveRestore, Play, RotateCw, Square, Trash2, X, type LucideIcon } from 'lucide-react'

import { Button } from '@/components/button'
import type { Schema } from '@/lib/api'

import { canAct, canDelete, type Action } from './state'

type Instance = Schema<'Instance'>

const actions: { action: Action; label: string; icon: LucideIcon }[] = [
  { action: 'undelete', label: 'Undelete', icon: ArchiveRestore },
  { action: 'start', label: 'Start', icon: Play },
  { action: 'stop', label: 'Stop', icon: Square },
  { action: 'restart', label: 'Restart', icon: RotateCw },
]

interface Props {
  selected: Instance[]
  onAct: (action: Action, instances: Instance[]) => void
  onDelete: (instances: Instance[]) => void
  onClear: () => void
}

/** What can be done to the chosen instances, each with the number of those it can be done to. */
export function SelectionBar({ selected, onAct, onDelete, onClear }: Props) {
  const removable = selected.filter(({ state }) => canDelete(state))
  const trash = selected.every(({ state }) => state === 'trashed')
  return (
    <section
      aria-label="Selection"
      className="sticky bottom-4 z-20 mx-auto mt-4 flex w-fit max-w-full flex-wrap items-center gap-2 rounded-xl border bg-surface p-2 pl-4 shadow-lift"
    >
      <p role="status" className="mr-1 font-medium">
        {selected.length} selected
      </p>
      {actions.map(({ action, label, icon: Icon }) => {
        const able = selected.filter(({ state }) => canAct(action, state))
        if (able.length === 0) return null
        return (
          <Button key={action} size="sm" onClick={() => onAct(action, able)}>
            <Icon aria-hidden />
            {label} {able.length}
          </Button>
        )
      })}
      {removable.length > 0 && (
        <Button size="sm" look="dangerOutline" onClick={() => onDelete(removable)}>
          <Trash2 aria-hidden />
          {trash ? 'Remove' : 'Delete'} {removable.length}
        </Button>
      )}
      <Button size="sm" look="ghost" onClick={onClear} aria-label="Clear the selection">
        <X aria-hidden />
      </Button>
    </section>
  )
}
