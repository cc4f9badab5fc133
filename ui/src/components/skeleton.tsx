import { cx } from '@/lib/cx'

/** The shape of what is being loaded; give it the size of the real thing. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={cx('block animate-pulse rounded bg-line', className)} />
}
