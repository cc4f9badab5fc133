import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'

import { ErrorAlert } from '@/components/alert'
import { Page } from '@/components/page'
import { Skeleton } from '@/components/skeleton'
import { DiagramCard } from '@/features/operations/diagram'
import { OperationCard } from '@/features/operations/operation-card'
import { OperationFacts } from '@/features/operations/operation-facts'
import { operationQuery } from '@/features/operations/queries'
import { RetryButtons } from '@/features/operations/retry-buttons'
import { canOperate } from '@/features/session/roles'

const route = getRouteApi('/signed-in/operations/$id')

export function OperationPage() {
  const { me } = route.useRouteContext()
  const { id } = route.useParams()
  const navigate = route.useNavigate()
  const { data: operation, error, isError } = useQuery(operationQuery(id))
  const mayOperate = canOperate(me.role)
  return (
    <Page title="Operation">
      <Link
        to="/operations"
        className="mb-4 inline-flex items-center gap-1.5 text-sm text-ink-faint hover:text-ink"
      >
        <ArrowLeft aria-hidden className="size-4" />
        Operations
      </Link>
      <h1 className="sr-only">Operation</h1>
      {operation ? (
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_21.5rem]">
          <div className="flex min-w-0 flex-col gap-4">
            <OperationCard operation={operation} canOperate={mayOperate} detailed />
            {mayOperate && (
              <RetryButtons
                operation={operation}
                onRetried={(retry) => void navigate({ to: '/operations/$id', params: { id: retry.id } })}
              />
            )}
            <nav aria-label="Related" className="flex flex-wrap items-center gap-x-4 gap-y-2 text-sm">
              <Link to="/instances/$name" params={{ name: operation.instance_name }} className="underline">
                Go to {operation.instance_name}
              </Link>
              {operation.batch_id && (
                <Link to="/batches/$id" params={{ id: operation.batch_id }} className="underline">
                  The batch that it is a part of
                </Link>
              )}
              {operation.retry_of && (
                <Link to="/operations/$id" params={{ id: operation.retry_of }} className="underline">
                  What it tries again
                </Link>
              )}
            </nav>
          </div>
          <div className="flex min-w-0 flex-col gap-4">
            <DiagramCard operation={operation} />
            <OperationFacts operation={operation} />
          </div>
        </div>
      ) : isError ? (
        <ErrorAlert error={error} />
      ) : (
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_21.5rem]">
          <Skeleton className="h-80 rounded-xl" />
          <Skeleton className="h-96 rounded-xl" />
        </div>
      )}
    </Page>
  )
}
