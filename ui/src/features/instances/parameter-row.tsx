import { Pencil, Undo2 } from 'lucide-react'

import { Button } from '@/components/button'
import type { Schema } from '@/lib/api'
import { cx } from '@/lib/cx'

interface Props {
  parameter: Schema<'Parameter'>
  /** Another value, or null to reset it; undefined for no change. */
  wish: string | null | undefined
  mayChange: boolean
  onEdit: () => void
  onWish: (value: string | null) => void
}

/** One parameter: what it is, what it does, and the way to change it. */
export function ParameterRow({ parameter: p, wish, mayChange, onEdit, onWish }: Props) {
  const changed = wish !== undefined
  return (
    <li
      data-parameter={p.name}
      className={cx(
        'grid gap-x-4 gap-y-1.5 px-4 py-2.5 sm:grid-cols-[minmax(0,1fr)_minmax(0,14rem)_8.5rem] sm:px-5',
        changed && 'bg-accent-wash',
      )}
    >
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <code className="font-mono text-sm font-medium wrap-anywhere">{p.name}</code>
          {p.set !== undefined && <span className="text-xs text-ink-faint">set</span>}
          {p.takes === 'restart' && <span className="text-xs text-warn-ink">needs a restart</span>}
        </p>
        {p.description && <p className="text-sm wrap-anywhere text-ink-soft">{p.description}</p>}
        {p.fixed && <p className="text-sm wrap-anywhere text-ink-faint">It {p.fixed}.</p>}
      </div>
      <div className="min-w-0 text-sm">
        <p className="font-mono wrap-anywhere">{(p.current ?? p.set) || '“”'}</p>
        {p.default !== undefined && p.default !== p.current && (
          <p className="text-xs wrap-anywhere text-ink-faint">default {p.default}</p>
        )}
        {p.pending_restart && (
          <p className="text-xs text-warn-ink">{p.set ?? 'the default'} after a restart</p>
        )}
        {changed && (
          <p className="text-xs font-medium wrap-anywhere text-accent">
            {wish === null ? 'will be reset' : `will be ${wish || '“”'}`}
          </p>
        )}
      </div>
      <div className="flex items-start gap-1 sm:justify-end">
        {mayChange && !p.fixed && p.type !== undefined && (
          <Button size="sm" look="ghost" onClick={onEdit} aria-label={`Change ${p.name}`}>
            <Pencil aria-hidden />
            Change
          </Button>
        )}
        {mayChange && p.set !== undefined && wish !== null && (
          <Button size="sm" look="ghost" onClick={() => onWish(null)} aria-label={`Reset ${p.name}`}>
            <Undo2 aria-hidden />
            Reset
          </Button>
        )}
      </div>
    </li>
  )
}
