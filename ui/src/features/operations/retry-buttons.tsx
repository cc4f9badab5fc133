import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { isActive, willRetry } from './progress'
import { useRetryOperation, useRetryStep } from './queries'

interface Props {
  operation: Schema<'Operation'>
  /** A new operation tries again what this one did. */
  onRetried: (operation: Schema<'Operation'>) => void
}

/** The ways on for an operation that failed, or whose step waits for its next attempt. */
export function RetryButtons({ operation, onRetried }: Props) {
  const again = useRetryOperation(operation.id)
  const now = useRetryStep(operation.id)
  const over = operation.state === 'failed' || operation.state === 'cancelled'
  const waits =
    isActive(operation) && operation.steps.some((step) => step.state === 'failed' && willRetry(step))
  if (!over && !waits) return null
  return (
    <div className="flex flex-col gap-3">
      {over && (
        <Alert
          look="info"
          title="Try it again?"
          action={
            <Button
              look="primary"
              pending={again.isPending}
              onClick={() =>
                again.mutate(undefined, {
                  onSuccess: (retry) => {
                    toast('It is tried again, as a new operation.')
                    onRetried(retry)
                  },
                })
              }
            >
              Retry
            </Button>
          }
        >
          A new operation does the same. It goes on from what is there: what was done already is found and not
          done again.
        </Alert>
      )}
      {waits && (
        <Alert
          look="info"
          title="A step waits for its next attempt."
          action={
            <Button
              look="primary"
              pending={now.isPending}
              onClick={() => now.mutate(undefined, { onSuccess: () => toast('The step is tried now.') })}
            >
              Retry this step now
            </Button>
          }
        >
          It can be made at once. Attempts are then counted from 1 again.
        </Alert>
      )}
      {again.isError && <ErrorAlert error={again.error} />}
      {now.isError && <ErrorAlert error={now.error} />}
    </div>
  )
}
