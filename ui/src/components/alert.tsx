import { CircleAlert, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

import { cx } from '@/lib/cx'
import { ApiError, messageOf } from '@/lib/problem'
import { sentence } from '@/lib/text'

const looks = {
  bad: { box: 'border-bad/35 bg-bad-wash text-bad-ink', icon: CircleAlert },
  warn: { box: 'border-warn/40 bg-warn-wash text-warn-ink', icon: TriangleAlert },
  info: { box: 'border-line bg-sunken text-ink-soft', icon: Info },
}

interface Props {
  look?: keyof typeof looks
  title?: string
  children?: ReactNode
  /** What the reader can do about it. */
  action?: ReactNode
  className?: string
}

export function Alert({ look = 'bad', title, children, action, className }: Props) {
  const Icon = looks[look].icon
  return (
    <div
      role={look === 'bad' ? 'alert' : 'status'}
      className={cx(
        'flex items-start gap-2.5 rounded-lg border px-3.5 py-3 text-base',
        looks[look].box,
        className,
      )}
    >
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden />
      <div className="flex min-w-0 flex-1 flex-wrap items-start gap-x-2.5 gap-y-2">
        <div className="min-w-0 flex-1 basis-48 wrap-anywhere">
          {title && <p className="font-semibold">{title}</p>}
          {children}
        </div>
        {action}
      </div>
    </div>
  )
}

/** What went wrong, in the server's own words. */
export function ErrorAlert({
  error,
  action,
  className,
}: {
  error: unknown
  action?: ReactNode
  className?: string
}) {
  const problem = error instanceof ApiError ? error.problem : undefined
  return (
    <Alert action={action} {...(className === undefined ? {} : { className })}>
      <p>{sentence(messageOf(error))}</p>
      {problem?.request_id && problem.status >= 500 && (
        <p className="mt-1 text-xs opacity-80">
          Request <code className="font-mono">{problem.request_id}</code>
        </p>
      )}
    </Alert>
  )
}
