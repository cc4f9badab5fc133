import { LoaderCircle } from 'lucide-react'
import type { ComponentProps } from 'react'

import { cx } from '@/lib/cx'

const base =
  'relative inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors disabled:opacity-55 aria-disabled:opacity-55 [&_svg]:size-4 [&_svg]:shrink-0'

const looks = {
  primary: 'bg-accent text-accent-ink shadow-card enabled:hover:bg-accent-strong',
  secondary: 'border border-line-strong bg-surface text-ink shadow-card hover:bg-sunken',
  ghost: 'text-ink-soft hover:bg-sunken hover:text-ink',
  danger: 'bg-bad-strong text-white shadow-card enabled:hover:bg-bad dark:text-black',
  dangerOutline:
    'border border-line-strong bg-surface text-bad-ink shadow-card hover:border-bad hover:bg-bad-wash',
}

const sizes = { sm: 'h-7 px-2.5 text-sm', md: 'h-9 px-3.5 text-base' }

/** The classes of a button, for links that look like one. */
export function buttonClass(look: keyof typeof looks = 'secondary', size: keyof typeof sizes = 'md') {
  return cx(base, looks[look], sizes[size])
}

interface Props extends ComponentProps<'button'> {
  look?: keyof typeof looks
  size?: keyof typeof sizes
  /** What the button asked for is under way: it can't be pressed, and keeps its width and the focus. */
  pending?: boolean
}

export function Button(props: Props) {
  const { look, size, pending = false, disabled, onClick, className, children, type, ...rest } = props
  return (
    <button
      type={type ?? 'button'}
      className={cx(buttonClass(look, size), className)}
      disabled={disabled && !pending} // which takes the focus away
      aria-disabled={pending || undefined}
      onClick={pending ? (event) => event.preventDefault() : onClick}
      aria-busy={pending || undefined}
      {...rest}
    >
      {pending && (
        <span className="absolute inset-0 grid place-items-center">
          <LoaderCircle className="animate-spin" aria-hidden />
        </span>
      )}
      <span className={cx('inline-flex items-center gap-1.5', pending && 'opacity-0')}>{children}</span>
    </button>
  )
}
