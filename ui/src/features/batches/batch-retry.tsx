import { Link } from '@tanstack/react-router'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { isActive, leftOf } from './progress'
import { useRetryBatch } from './queries'

interface Props {
  batch: Schema<'Batch'>
  canOperate: boolean
  /** Another batch tries again what this one has left. */
  onRetried: (batch: Schema<'Batch'>) => void
}

/** The way on for a batch that has not wholly succeeded, and from one try to the next. */
export function BatchRetry({ batch, canOperate, onRetried }: Props) {
  const retry = useRetryBatch(batch.id)
  const left = leftOf(batch.counts)
  const offered =
    canOperate && !isActive(batch) && !batch.retried_by && batch.counts.running === 0 && left !== undefined
  if (!offered && !batch.retry_of && !batch.retried_by) return null
  return (
    <div className="mt-4 flex flex-col items-start gap-3">
      {batch.retry_of && (
        <Link to="/batches/$id" params={{ id: batch.retry_of }} className="text-sm underline">
          The batch whose rest it tries again
        </Link>
      )}
      {batch.retried_by && (
        <Link to="/batches/$id" params={{ id: batch.retried_by }} className="text-sm underline">
          The batch that tries its rest again
        </Link>
      )}
      {offered && (
        <Button
          look="primary"
          pending={retry.isPending}
          onClick={() =>
            retry.mutate(undefined, {
              onSuccess: (again) => {
                toast('They are tried again, as a new batch.')
                onRetried(again)
              },
            })
          }
        >
          Retry {left}
        </Button>
      )}
      {retry.isError && <ErrorAlert error={retry.error} />}
    </div>
  )
}
