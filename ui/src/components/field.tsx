import { useId, type ComponentProps, type ReactNode } from 'react'

import { cx } from '@/lib/cx'
import { sentence } from '@/lib/text'

interface FieldProps {
  label: string
  /** What is allowed or meant; hidden while an error says more. */
  hint?: ReactNode
  error?: string | undefined
  /** Stands at the right of the label. */
  aside?: ReactNode
}

interface TextFieldProps extends FieldProps, ComponentProps<'input'> {
  /** What the number counts, at the right end of the input. */
  unit?: string
}

/** A labelled input with its hint or error. */
export function TextField({ label, hint, error, aside, unit, className, ...input }: TextFieldProps) {
  const id = useId()
  const noteID = `${id}-note`
  return (
    <div className={className}>
      <div className="mb-1.5 flex items-baseline justify-between gap-2">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {aside}
      </div>
      <div className="relative">
        <input
          id={id}
          aria-invalid={error ? true : undefined}
          aria-describedby={error || hint ? noteID : undefined}
          className={cx(
            'h-9 w-full rounded-md border bg-surface px-3 text-base shadow-card transition-colors placeholder:text-ink-faint',
            error ? 'border-bad' : 'border-control hover:border-ink-faint',
            unit && 'tabular pr-14',
          )}
          {...input}
        />
        {unit && (
          <span className="pointer-events-none absolute inset-y-0 right-3 flex items-center text-sm text-ink-faint">
            {unit}
          </span>
        )}
      </div>
      <FieldNote id={noteID} hint={hint} error={error} />
    </div>
  )
}

interface TextAreaFieldProps extends FieldProps, ComponentProps<'textarea'> {}

/** A labelled text of several lines with its hint or error. */
export function TextAreaField({ label, hint, error, aside, className, ...textarea }: TextAreaFieldProps) {
  const id = useId()
  const noteID = `${id}-note`
  return (
    <div className={className}>
      <div className="mb-1.5 flex items-baseline justify-between gap-2">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {aside}
      </div>
      <textarea
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={error || hint ? noteID : undefined}
        className={cx(
          'w-full rounded-md border bg-surface px-3 py-2 text-base shadow-card transition-colors placeholder:text-ink-faint',
          error ? 'border-bad' : 'border-control hover:border-ink-faint',
        )}
        {...textarea}
      />
      <FieldNote id={noteID} hint={hint} error={error} />
    </div>
  )
}

/** The line below a field: its error, or else its hint. It keeps its height. */
export function FieldNote({ id, hint, error }: { id: string; hint?: ReactNode; error?: string | undefined }) {
  return (
    <p
      id={id}
      aria-live="polite"
      className={cx('mt-1.5 min-h-5 text-sm wrap-anywhere', error ? 'text-bad-ink' : 'text-ink-faint')}
    >
      {error ? sentence(error) : hint}
    </p>
  )
}

interface Choice<T extends string> {
  value: T
  title: string
  detail?: string
}

interface SelectFieldProps extends FieldProps {
  name: string
  value: string
  choices: Choice<string>[]
  onChange: (value: string) => void
}

/** One of many choices. */
export function SelectField({ label, hint, error, aside, name, value, choices, onChange }: SelectFieldProps) {
  const id = useId()
  return (
    <div>
      <div className="mb-1.5 flex items-baseline justify-between gap-2">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {aside}
      </div>
      <select
        id={id}
        name={name}
        value={value}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-note`}
        onChange={(event) => onChange(event.target.value)}
        className={cx(
          'h-9 w-full rounded-md border bg-surface px-3 text-base shadow-card transition-colors',
          error ? 'border-bad' : 'border-control hover:border-ink-faint',
        )}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.title}
          </option>
        ))}
      </select>
      <FieldNote id={`${id}-note`} hint={hint} error={error} />
    </div>
  )
}

interface ChoiceFieldProps<T extends string> extends FieldProps {
  name: string
  value: T
  choices: Choice<T>[]
  onChange: (value: T) => void
  columns?: string
}

/** A few choices, all in sight: radio buttons that look like cards. */
export function ChoiceField<T extends string>(props: ChoiceFieldProps<T>) {
  const noteID = useId()
  const { label, hint, error, name, value, choices, onChange, columns = 'grid-cols-2 sm:grid-cols-4' } = props
  return (
    <fieldset aria-describedby={hint || error ? noteID : undefined}>
      <legend className="mb-1.5 text-sm font-medium">{label}</legend>
      <div className={cx('grid gap-2', columns)}>
        {choices.map((choice) => (
          <label
            key={choice.value}
            className={cx(
              'flex min-h-9 cursor-pointer flex-wrap content-start items-baseline gap-x-2 rounded-lg border px-3 py-2 shadow-card transition-colors',
              'has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
              choice.value === value
                ? 'border-accent bg-accent-wash ring-1 ring-accent'
                : 'border-line-strong bg-surface hover:border-control',
            )}
          >
            <input
              type="radio"
              className="sr-only"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
            />
            <span className="font-medium">{choice.title}</span>
            {choice.detail && <span className="text-sm text-ink-soft">{choice.detail}</span>}
          </label>
        ))}
      </div>
      {(hint ?? error) && <FieldNote id={noteID} hint={hint} error={error} />}
    </fieldset>
  )
}
