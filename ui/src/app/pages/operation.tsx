import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'

import { ErrorAlert } from '@/components/alert'
import { Page } from '@/components/page'
import { Skeleton } from '@/components/skeleton'
import { OperationCard } from '@/features/operations/operation-card'
import { operationQuery } from '@/features/operations/queries'
import { RetryButtons } from '@/features/operations/retry-buttons'
import { canOperate } from '@/features/session/roles'

const route = getRouteApi('/signed-in/operations/$id')

export function OperationPage() {
  const { me } = route.useRouteContext()
  const { id } = route.useParams()
  const { data: operation, error, isError } = useQuery(operationQuery(id))
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
        <div className="flex flex-col gap-4">
          <OperationCard operation={operation} canOperate={canOperate(me.role)} />
          <div className="flex flex-wrap items-center gap-x-4 gap-y-2 text-sm">
            <Link to="/instances/$name" params={{ name: operation.instance_name }} className="underline">
              Go to {operation.instance_name}
            </Link>
            {operation.retry_of && (
              <Link to="/operations/$id" params={{ id: operation.retry_of }} className="underline">
                What it tries again
              </Link>
            )}
          </div>
          {canOperate(me.role) && <RetryButtons operation={operation} />}
        </div>
      ) : isError ? (
        <ErrorAlert error={error} />
      ) : (
        <Skeleton className="h-40 rounded-xl" />
      )}
    </Page>
  )
}
