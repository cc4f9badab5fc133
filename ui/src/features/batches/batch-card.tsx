import { useState } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Badge, type Tone } from '@/components/badge'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { Dialog, DialogActions } from '@/components/dialog'
import type { Schema } from '@/lib/api'
import { sentence } from '@/lib/text'

import { isActive, outcomeOf, over, parts, titleOf } from './progress'
import { useCancelBatch } from './queries'

type Batch = Schema<'Batch'>

const bars: Record<Tone, string> = {
  good: 'bg-good',
  bad: 'bg-bad',
  warn: 'bg-warn',
  busy: 'bg-busy',
  neutral: 'bg-ink-faint',
}

/** How far a batch has got, and the way to cancel it. */
export function BatchCard({ batch, canOperate }: { batch: Batch; canOperate: boolean }) {
  const [asking, setAsking] = useState(false)
  const { counts } = batch
  const { tone, label } = outcomeOf(batch)
  return (
    <Card
      title={titleOf(batch)}
      aside={
        <div className="flex flex-wrap items-center gap-2">
          <Badge tone={tone} pulse={isActive(batch)}>
            {label}
          </Badge>
          {canOperate && isActive(batch) && !batch.cancel_asked && (
            <Button size="sm" onClick={() => setAsking(true)}>
              Cancel
            </Button>
          )}
        </div>
      }
    >
      <div
        role="progressbar"
        aria-label={titleOf(batch)}
        aria-valuemin={0}
        aria-valuemax={counts.total}
        aria-valuenow={over(counts)}
        className="flex h-2 overflow-hidden rounded-full bg-sunken"
      >
        {parts(counts).map(({ state, n, tone }) => (
          <div key={state} className={bars[tone]} style={{ width: `${(100 * n) / counts.total}%` }} />
        ))}
      </div>
      <p className="tabular mt-2 text-ink-soft" role="status">
        {over(counts)} of {counts.total}
        {parts(counts).map(({ state, n }) => ` · ${n} ${state}`)}
        {counts.waiting > 0 && ` · ${counts.waiting} waiting`}
      </p>
      {batch.error && (
        <Alert title="Why it ended early" className="mt-4">
          {sentence(batch.error)}
        </Alert>
      )}
      {asking && <CancelDialog batch={batch} onClose={() => setAsking(false)} />}
    </Card>
  )
}

function CancelDialog({ batch, onClose }: { batch: Batch; onClose: () => void }) {
  const cancel = useCancelBatch(batch.id)
  return (
    <Dialog title="Cancel this batch?" onClose={onClose}>
      <p className="text-ink-soft">
        No more are begun, and what is in progress is undone. What has succeeded stays.
      </p>
      {cancel.isError && <ErrorAlert error={cancel.error} className="mt-4" />}
      <DialogActions>
        <Button onClick={onClose}>Keep going</Button>
        <Button
          look="danger"
          pending={cancel.isPending}
          onClick={() => cancel.mutate(undefined, { onSuccess: onClose })}
        >
          Cancel batch
        </Button>
      </DialogActions>
    </Dialog>
  )
}
