import { useState } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Badge } from '@/components/badge'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { Dialog, DialogActions } from '@/components/dialog'
import type { Schema } from '@/lib/api'
import { sentence } from '@/lib/text'
import { toast } from '@/lib/toasts'

import { BatchRetry } from './batch-retry'
import { isActive, outcomeOf, over, parts, titleOf } from './progress'
import { ProgressBar } from './progress-bar'
import { useCancelBatch } from './queries'

type Batch = Schema<'Batch'>

interface Props {
  batch: Batch
  canOperate: boolean
  /** Another batch tries again what this one has left. */
  onRetried: (batch: Batch) => void
}

/** How far a batch has got, the way to cancel it, and to retry what it has left. */
export function BatchCard({ batch, canOperate, onRetried }: Props) {
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
      <ProgressBar batch={batch} />
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
      <BatchRetry batch={batch} canOperate={canOperate} onRetried={onRetried} />
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
          onClick={() =>
            cancel.mutate(undefined, {
              onSuccess: () => {
                toast('The batch is being cancelled.')
                onClose()
              },
            })
          }
        >
          Cancel batch
        </Button>
      </DialogActions>
    </Dialog>
  )
}
