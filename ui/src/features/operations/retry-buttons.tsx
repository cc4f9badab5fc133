import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { isActive, willRetry } from './progress'
import { useRetryOperation, useRetryStep } from './queries'

/** The ways on for an operation that failed, or whose step waits for its next attempt. */
export function RetryButtons({ operation }: { operation: Schema<'Operation'> }) {
  const again = useRetryOperation(operation.id)
  const now = useRetryStep(operation.id)
  const over = operation.state === 'failed' || operation.state === 'cancelled'
  const waits =
    isActive(operation) && operation.steps.some((step) => step.state === 'failed' && willRetry(step))
  if (!over && !waits) return null
  return (
    <div className="flex flex-col items-start gap-3">
      {over && (
        <Button
          look="primary"
          pending={again.isPending}
          onClick={() =>
            again.mutate(undefined, { onSuccess: () => toast('It is tried again, as a new operation.') })
          }
        >
          Retry
        </Button>
      )}
      {waits && (
        <Button look="primary" pending={now.isPending} onClick={() => now.mutate()}>
          Retry this step now
        </Button>
      )}
      {again.isError && <ErrorAlert error={again.error} />}
      {now.isError && <ErrorAlert error={now.error} />}
    </div>
  )
}
