import { Trash2 } from 'lucide-react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { CopyButton } from '@/components/copy-button'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { useDeleteRuntimeImage } from './queries'

interface Props {
  images: Schema<'RuntimeImage'>[]
  mayDelete: boolean
}

/** Runtime images, each with how many instances keep it from being deleted. */
export function ImageList({ images, mayDelete }: Props) {
  const remove = useDeleteRuntimeImage()
  return (
    <>
      {remove.isError && <ErrorAlert error={remove.error} className="mb-4" />}
      <ul className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
        {images.map((image) => (
          <li key={image.name} className="flex flex-wrap items-start gap-x-4 gap-y-2 px-4 py-3 sm:px-5">
            <div className="min-w-0 flex-1 basis-72">
              <p className="font-medium">{image.name}</p>
              {image.description && <p className="wrap-anywhere text-ink-soft">{image.description}</p>}
              <p className="flex items-center gap-1">
                <code
                  className="truncate font-mono text-sm text-ink-faint"
                  title={`${image.reference}@${image.digest}`}
                >
                  {image.reference}@{image.digest.slice(0, 19)}…
                </code>
                <CopyButton
                  text={`${image.reference}@${image.digest}`}
                  what={`reference of ${image.name}`}
                  className="-my-1"
                />
              </p>
            </div>
            <div className="text-sm text-ink-faint sm:text-right">
              <p>{usedBy(image.instances)}</p>
              <p>
                <RelativeTime at={image.created_at} />
              </p>
            </div>
            {mayDelete && (
              <Button
                size="sm"
                look="dangerOutline"
                aria-label={`Delete ${image.name}`}
                title={image.instances > 0 ? 'Instances use it' : undefined}
                disabled={image.instances > 0 || remove.isPending}
                onClick={() => remove.mutate(image.name, { onSuccess: () => toast(`Deleted ${image.name}`) })}
              >
                <Trash2 aria-hidden />
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

function usedBy(instances: number): string {
  if (instances === 0) return 'Not used'
  return instances === 1 ? '1 instance' : `${instances} instances`
}
