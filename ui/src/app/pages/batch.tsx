import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useEffect } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Card } from '@/components/card'
import { Page } from '@/components/page'
import { Skeleton } from '@/components/skeleton'
import { BatchCard } from '@/features/batches/batch-card'
import { BatchItems } from '@/features/batches/batch-items'
import { ItemFilter } from '@/features/batches/item-filter'
import { titleOf } from '@/features/batches/progress'
import { batchQuery } from '@/features/batches/queries'
import { canOperate } from '@/features/session/roles'

const route = getRouteApi('/signed-in/batches/$id')

export function BatchPage() {
  const { me } = route.useRouteContext()
  const { id } = route.useParams()
  const { state } = route.useSearch()
  const navigate = route.useNavigate()
  const pages = useInfiniteQuery(batchQuery(id))
  const batch = pages.data?.pages[0]
  const items = pages.data?.pages.flatMap((page) => page.items ?? []) ?? []
  const shown = state ? items.filter((item) => item.state === state) : items

  // There are at most a few pages, and all of them are filtered here.
  const { hasNextPage, isFetching, isError, fetchNextPage } = pages
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage()
  }, [hasNextPage, isFetching, isError, fetchNextPage])

  return (
    <Page title={batch ? titleOf(batch) : 'Batch'}>
      <Link
        to="/batches"
        className="mb-4 inline-flex items-center gap-1.5 text-sm text-ink-faint hover:text-ink"
      >
        <ArrowLeft aria-hidden className="size-4" />
        Batches
      </Link>
      <h1 className="sr-only">Batch</h1>
      {batch ? (
        <div className="flex flex-col gap-4">
          <BatchCard
            key={batch.id}
            batch={batch}
            canOperate={canOperate(me.role)}
            onRetried={(again) => void navigate({ to: '/batches/$id', params: { id: again.id } })}
          />
          <Card
            title="Instances"
            flush
            aside={
              <ItemFilter
                counts={batch.counts}
                value={state}
                onChange={(next) => void navigate({ search: next ? { state: next } : {}, replace: true })}
              />
            }
          >
            {shown.length > 0 ? (
              <BatchItems items={shown} />
            ) : (
              <p className="px-4 py-8 text-center text-ink-faint">None is {state ?? 'here'}.</p>
            )}
          </Card>
          {isError && <ErrorAlert error={pages.error} />}
        </div>
      ) : pages.isError ? (
        <ErrorAlert error={pages.error} />
      ) : (
        <Skeleton className="h-40 rounded-xl" />
      )}
    </Page>
  )
}
