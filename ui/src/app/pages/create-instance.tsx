import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useRouter } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Page } from '@/components/page'
import { Skeleton } from '@/components/skeleton'
import { CreateForm } from '@/features/instances/create-form'
import { offerQuery } from '@/features/instances/queries'
import { usedOf } from '@/features/people/quota'
import { runtimeImagesQuery } from '@/features/runtime-images/queries'
import { meQuery } from '@/features/session/queries'
import { canOperate } from '@/features/session/roles'
import { toast } from '@/lib/toasts'

const route = getRouteApi('/signed-in/instances/new')

export function CreateInstancePage() {
  const { me } = route.useRouteContext()
  const router = useRouter()
  return (
    <Page title="New instance">
      <div className="mx-auto max-w-5xl">
        <Link
          to="/instances"
          className="inline-flex items-center gap-1.5 text-sm text-ink-faint hover:text-ink"
        >
          <ArrowLeft aria-hidden className="size-4" />
          Instances
        </Link>
        <h1 className="mt-2 text-xl font-semibold tracking-tight">New instance</h1>
        <p className="mt-1 mb-6 text-ink-soft">
          A PostgreSQL server of its own, with its data. <QuotaLeft />
        </p>
        {canOperate(me.role) ? (
          <OfferedForm
            onCreated={(name) => {
              toast(`Creating ${name}`)
              void router.navigate({ to: '/instances/$name', params: { name } })
            }}
            onCreatedMany={(id) => void router.navigate({ to: '/batches/$id', params: { id } })}
            onCancel={() => void router.navigate({ to: '/instances' })}
          />
        ) : (
          <Alert title="You may not create instances">
            Your role is {me.role}. Ask an administrator for the role of an operator.
          </Alert>
        )}
      </div>
    </Page>
  )
}

// What the user may still have, where that is limited.
function QuotaLeft() {
  const { data: me } = useQuery({ ...meQuery, refetchOnMount: 'always' })
  if (!me) return null
  const { instances, storage_gib: storage } = me.quota
  const parts = [
    ...(instances.limit === undefined ? [] : [`${usedOf(instances)} instances`]),
    ...(storage.limit === undefined ? [] : [`${usedOf(storage)} GiB of storage`]),
  ]
  if (parts.length === 0) return null
  return <span data-testid="quota">You have {parts.join(' and ')}.</span>
}

interface FormProps {
  onCreated: (name: string) => void
  onCreatedMany: (batch: string) => void
  onCancel: () => void
}

function OfferedForm({ onCreated, onCreatedMany, onCancel }: FormProps) {
  const offer = useQuery(offerQuery)
  const images = useQuery({ ...runtimeImagesQuery, enabled: offer.data?.runtime_registry !== undefined })
  if (offer.data && !images.isLoading) {
    return (
      <CreateForm
        offer={offer.data}
        images={images.data?.items ?? []}
        onCreated={(operation) => onCreated(operation.instance_name)}
        onCreatedMany={(batch) => onCreatedMany(batch.id)}
        onCancel={onCancel}
      />
    )
  }
  if (offer.isError) {
    return (
      <ErrorAlert
        error={offer.error}
        action={
          <Button size="sm" onClick={() => void offer.refetch()}>
            Try again
          </Button>
        }
      />
    )
  }
  return (
    <div className="flex flex-col gap-8 rounded-xl border bg-surface p-4 shadow-card sm:p-6" aria-busy>
      {['w-full h-9', 'w-full h-16', 'w-full h-16', 'w-1/2 h-9'].map((size, i) => (
        <div key={i}>
          <Skeleton className="mb-2 h-4 w-28" />
          <Skeleton className={size} />
        </div>
      ))}
      <Skeleton className="h-9 w-36 self-end" />
    </div>
  )
}
