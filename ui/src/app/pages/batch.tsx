import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { Page } from '@/components/page'
import { Skeleton } from '@/components/skeleton'
import { BatchCard } from '@/features/batches/batch-card'
import { ItemTable } from '@/features/batches/item-table'
import { batchQuery } from '@/features/batches/queries'
import { canOperate } from '@/features/session/roles'

const route = getRouteApi('/signed-in/batches/$id')

export function BatchPage() {
  const { me } = route.useRouteContext()
  const { id } = route.useParams()
  const pages = useInfiniteQuery(batchQuery(id))
  const batch = pages.data?.pages[0]
  return (
    <Page title="Batch">
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
          <BatchCard batch={batch} canOperate={canOperate(me.role)} />
          <Card title="Instances" flush>
            <ItemTable items={pages.data?.pages.flatMap((page) => page.items ?? []) ?? []} />
          </Card>
          {pages.hasNextPage && (
            <Button
              className="self-center"
              pending={pages.isFetchingNextPage}
              onClick={() => void pages.fetchNextPage()}
            >
              Load more
            </Button>
          )}
        </div>
      ) : pages.isError ? (
        <ErrorAlert error={pages.error} />
      ) : (
        <Skeleton className="h-40 rounded-xl" />
      )}
    </Page>
  )
}
