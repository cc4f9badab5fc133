import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Container, Plus } from 'lucide-react'
import { useState } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { Skeleton } from '@/components/skeleton'
import { offerQuery } from '@/features/instances/queries'
import { DetailsDialog } from '@/features/runtime-images/details-dialog'
import { ImageList } from '@/features/runtime-images/image-list'
import { runtimeImagesQuery } from '@/features/runtime-images/queries'
import { RegisterDialog } from '@/features/runtime-images/register-dialog'
import { canAdminister } from '@/features/session/roles'

const route = getRouteApi('/signed-in/runtime-images')

export function RuntimeImagesPage() {
  const { me } = route.useRouteContext()
  const [asking, setAsking] = useState(false)
  const [shown, setShown] = useState<string>()
  const list = useQuery(runtimeImagesQuery)
  const offer = useQuery(offerQuery)
  const images = list.data?.items
  const details = images?.find((image) => image.name === shown)
  const registry = offer.data?.runtime_registry
  return (
    <Page title="Runtime images">
      <div className="mb-5 flex items-center justify-between gap-4">
        <h1 className="text-xl font-semibold tracking-tight">Runtime images</h1>
        {registry && canAdminister(me.role) && (
          <Button look="primary" onClick={() => setAsking(true)}>
            <Plus aria-hidden />
            Register image
          </Button>
        )}
      </div>
      {images && images.length > 0 ? (
        <ImageList images={images} onShow={setShown} />
      ) : list.isError || offer.isError ? (
        <ErrorAlert error={list.error ?? offer.error} />
      ) : !images || !offer.data ? (
        <Skeleton className="h-40 rounded-xl" />
      ) : (
        <div className="rounded-xl border border-dashed border-line-strong">
          <EmptyState icon={Container} title={registry ? 'No runtime images yet' : 'Not offered here'}>
            {registry
              ? `Images of ${registry} that an administrator registers can be run by instances instead of the stock one.`
              : `The provider “${offer.data.provider}” runs no other image than the stock one. It takes a Kubernetes cluster and a registry that whoever runs Toygres names.`}
          </EmptyState>
        </div>
      )}
      {details && (
        <DetailsDialog
          image={details}
          mayDelete={canAdminister(me.role)}
          onClose={() => setShown(undefined)}
        />
      )}
      {asking && registry && <RegisterDialog registry={registry} onClose={() => setAsking(false)} />}
    </Page>
  )
}
