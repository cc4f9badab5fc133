import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { Layers, Trash2 } from 'lucide-react'
import { useState } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { LoadMore } from '@/components/load-more'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { Skeleton } from '@/components/skeleton'
import { BatchList } from '@/features/batches/batch-list'
import { DeleteManyDialog } from '@/features/batches/delete-many-dialog'
import { batchesQuery } from '@/features/batches/queries'
import { canOperate } from '@/features/session/roles'

const route = getRouteApi('/signed-in/batches')

export function BatchesPage() {
  const { me } = route.useRouteContext()
  const router = useRouter()
  const [asking, setAsking] = useState(false)
  const list = useInfiniteQuery(batchesQuery)
  const batches = list.data?.pages.flatMap((page) => page.items)
  return (
    <Page title="Batches">
      <div className="mb-5 flex items-center justify-between gap-4">
        <h1 className="text-xl font-semibold tracking-tight">Batches</h1>
        {canOperate(me.role) && (
          <Button onClick={() => setAsking(true)}>
            <Trash2 aria-hidden />
            Delete many
          </Button>
        )}
      </div>
      {batches && batches.length > 0 ? (
        <>
          <BatchList batches={batches} />
          <LoadMore list={list} />
        </>
      ) : list.isError ? (
        <ErrorAlert error={list.error} />
      ) : !batches ? (
        <Skeleton className="h-40 rounded-xl" />
      ) : (
        <div className="rounded-xl border border-dashed border-line-strong">
          <EmptyState icon={Layers} title="No batches yet">
            A new instance with a range in its name, such as load-{'{001..100}'}, is many at once.
          </EmptyState>
        </div>
      )}
      {asking && (
        <DeleteManyDialog
          onBegun={({ id }) => void router.navigate({ to: '/batches/$id', params: { id } })}
          onClose={() => setAsking(false)}
        />
      )}
    </Page>
  )
}
