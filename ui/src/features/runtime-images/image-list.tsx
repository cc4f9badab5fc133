import { Button } from '@/components/button'
import { CopyButton } from '@/components/copy-button'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'

interface Props {
  images: Schema<'RuntimeImage'>[]
  onShow: (name: string) => void
}

/** Runtime images, each with how many instances use it. */
export function ImageList({ images, onShow }: Props) {
  return (
    <ul className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
      {images.map((image) => (
        <li
          key={image.name}
          className="flex flex-wrap items-start gap-x-4 gap-y-2 px-4 py-3 sm:px-5"
          data-image={image.name}
        >
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
          <div className="flex-1 text-sm text-ink-faint sm:flex-none sm:text-right">
            <p>{usedBy(image.instances)}</p>
            <p>
              <RelativeTime at={image.created_at} />
            </p>
          </div>
          <Button size="sm" aria-label={`Details of ${image.name}`} onClick={() => onShow(image.name)}>
            Details
          </Button>
        </li>
      ))}
    </ul>
  )
}

function usedBy(instances: number): string {
  if (instances === 0) return 'Not used'
  return instances === 1 ? '1 instance' : `${instances} instances`
}
