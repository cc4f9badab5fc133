import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { CopyButton } from '@/components/copy-button'
import { Dialog, DialogActions } from '@/components/dialog'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'
import { exactTime } from '@/lib/time'
import { toast } from '@/lib/toasts'

import { imageUsersQuery, useDeleteRuntimeImage } from './queries'

interface Props {
  image: Schema<'RuntimeImage'>
  mayDelete: boolean
  onClose: () => void
}

/** All about an image and who uses it, and where it is deleted. */
export function DetailsDialog({ image, mayDelete, onClose }: Props) {
  const remove = useDeleteRuntimeImage()
  return (
    <Dialog title={image.name} onClose={onClose}>
      {image.description && <p className="mb-4 wrap-anywhere text-ink-soft">{image.description}</p>}
      <dl className="flex flex-col gap-3">
        <Fact name="Reference">
          <Copied text={image.reference} what="reference" />
        </Fact>
        <Fact name="Digest">
          <Copied text={image.digest} what="digest" />
        </Fact>
        <Fact name="Registered">{exactTime(new Date(image.created_at))}</Fact>
        <Fact name="Used by">
          <Users image={image} />
        </Fact>
      </dl>
      {remove.isError && <ErrorAlert error={remove.error} className="mt-4" />}
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
        {mayDelete && (
          <Button
            look="dangerOutline"
            pending={remove.isPending}
            onClick={() =>
              remove.mutate(image.name, {
                onSuccess: () => {
                  toast(`Deleted ${image.name}`)
                  onClose()
                },
              })
            }
          >
            Delete image
          </Button>
        )}
      </DialogActions>
    </Dialog>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-sm text-ink-faint">{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Copied({ text, what }: { text: string; what: string }) {
  return (
    <span className="flex items-start gap-1">
      <code className="min-w-0 font-mono text-sm wrap-anywhere">{text}</code>
      <CopyButton text={text} what={what} className="-my-1" />
    </span>
  )
}

function Users({ image }: { image: Schema<'RuntimeImage'> }) {
  const users = useQuery(imageUsersQuery(image.name))
  if (users.isError) return <ErrorAlert error={users.error} />
  if (!users.data) return <Skeleton className="h-5 w-40" />
  const { living, trashed } = users.data
  const more = image.instances - living.length - trashed.length
  if (image.instances === 0) return 'No instance'
  return (
    <ul className="max-h-40 overflow-y-auto">
      {living.map(({ id, name }) => (
        <li key={id}>
          <Link to="/instances/$name" params={{ name }} className="underline">
            {name}
          </Link>
        </li>
      ))}
      {trashed.map(({ id, name }) => (
        <li key={id}>
          {name} <span className="text-ink-faint">in the trash</span>
        </li>
      ))}
      {more > 0 && <li className="text-ink-faint">and {more} more</li>}
    </ul>
  )
}
