import { Check, CircleDashed, LoaderCircle, Minus, RotateCw, X } from 'lucide-react'
import type { ReactNode } from 'react'

import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'
import { useNow } from '@/lib/clock'
import { cx } from '@/lib/cx'
import { sentence } from '@/lib/text'
import { exactTime } from '@/lib/time'

import { retryText, spanOf, stepLabel, took, willRetry } from './progress'

type Step = Schema<'Step'>

interface Props {
  steps: Step[]
  /** With when each step went on within the whole, and who has carried it out. */
  detailed?: boolean
}

/** The steps of an operation, as they go. */
export function StepList({ steps, detailed = false }: Props) {
  return (
    <ol className="flex flex-col">
      {steps.map((step, i) => (
        <StepRow key={`${i}-${step.name}`} step={step} last={i === steps.length - 1}>
          {detailed && step.started_at && (
            <>
              <StepSpan step={step} steps={steps} />
              <p className="text-sm wrap-anywhere text-ink-faint">{began(step)}</p>
              {step.failures && <Failures failures={step.failures} />}
            </>
          )}
        </StepRow>
      ))}
    </ol>
  )
}

function StepRow({ step, last, children }: { step: Step; last: boolean; children: ReactNode }) {
  const idle = step.state === 'pending' || step.state === 'skipped'
  return (
    <li className="relative flex gap-3" data-step={step.name} data-state={step.state}>
      {!last && <span aria-hidden className="absolute top-6 bottom-0 left-[9.5px] w-px bg-line-strong" />}
      <StepIcon step={step} />
      <div className={cx('min-w-0 flex-1', !last && 'pb-3.5')}>
        <div className="flex flex-wrap items-baseline justify-between gap-x-3">
          <span className={cx('font-medium', idle && 'text-ink-faint')}>
            {stepLabel(step)}
            <span className="sr-only">: {willRetry(step) ? 'failed, will be tried again' : step.state}</span>
          </span>
          <StepTime step={step} />
        </div>
        {(step.state === 'running' || step.state === 'pending') && step.message && (
          <p className="text-sm text-ink-faint">{sentence(step.message)}</p>
        )}
        {step.error && step.state !== 'succeeded' && (
          <p className={cx('text-sm wrap-anywhere', willRetry(step) ? 'text-warn-ink' : 'text-bad-ink')}>
            {sentence(step.error)}
          </p>
        )}
        {children}
      </div>
    </li>
  )
}

function StepIcon({ step }: { step: Step }) {
  const box = 'relative mt-px grid size-5 shrink-0 place-items-center rounded-full [&_svg]:size-3'
  if (willRetry(step) && step.state === 'failed') {
    return (
      <span className={cx(box, 'bg-warn-wash text-warn-ink')} aria-hidden>
        <RotateCw />
      </span>
    )
  }
  switch (step.state) {
    case 'succeeded':
      return (
        <span className={cx(box, 'bg-good-wash text-good-ink')} aria-hidden>
          <Check strokeWidth={3} />
        </span>
      )
    case 'failed':
      return (
        <span className={cx(box, 'bg-bad-wash text-bad-ink')} aria-hidden>
          <X strokeWidth={3} />
        </span>
      )
    case 'running':
      return (
        <span className={cx(box, 'bg-busy-wash text-busy-ink')} aria-hidden>
          <LoaderCircle strokeWidth={3} className="animate-spin" />
        </span>
      )
    case 'skipped':
      return (
        <span className={cx(box, 'bg-sunken text-ink-faint')} aria-hidden>
          <Minus />
        </span>
      )
    case 'pending':
      return (
        <span className={cx(box, 'text-ink-faint [&_svg]:size-4')} aria-hidden>
          <CircleDashed />
        </span>
      )
  }
}

/** The attempts that failed. */
function Failures({ failures }: { failures: Schema<'StepFailure'>[] }) {
  return (
    <details className="mt-1 text-sm text-ink-soft">
      <summary>{failures.length === 1 ? '1 attempt failed' : `${failures.length} attempts failed`}</summary>
      <ol className="mt-1 flex flex-col gap-1 border-l-2 border-line-strong pl-3">
        {failures.map((failure) => (
          <li key={failure.failed_at} className="wrap-anywhere">
            Attempt {failure.attempt}, <RelativeTime at={failure.failed_at} />: {failure.error}
          </li>
        ))}
      </ol>
    </details>
  )
}

// When a step began, and who has carried it out.
function began(step: Step): string | undefined {
  if (!step.started_at) return undefined
  const by = step.worker ? `, last attempt by ${step.worker}, release ${step.build ?? 'unknown'}` : ''
  return `Began ${exactTime(new Date(step.started_at))}${by}`
}

/** A bar that shows when within the whole operation a step went on. */
function StepSpan({ step, steps }: { step: Step; steps: Step[] }) {
  const going = steps.some((other) => other.started_at !== undefined && other.ended_at === undefined)
  const now = useNow(going ? 'second' : 'halfMinute')
  const span = spanOf(step, steps, now)
  const colour = willRetry(step) ? 'bg-warn' : spanColours[step.state]
  return (
    <div aria-hidden className="mt-1.5 mb-1 h-1 overflow-hidden rounded-full bg-sunken">
      <div
        className={cx('h-full min-w-1 rounded-full', colour)}
        style={{ marginLeft: `${span.from}%`, width: `${span.length}%` }}
      />
    </div>
  )
}

const spanColours: Record<Step['state'], string> = {
  pending: 'bg-line-strong',
  skipped: 'bg-line-strong',
  running: 'bg-busy',
  succeeded: 'bg-good',
  failed: 'bg-bad',
}

// Only what still goes on needs a ticking clock.
function StepTime({ step }: { step: Step }) {
  if (step.state === 'running' || willRetry(step)) return <TickingStepTime step={step} />
  return <StepTimeAt step={step} now={0} />
}

function TickingStepTime({ step }: { step: Step }) {
  return <StepTimeAt step={step} now={useNow('second')} />
}

function StepTimeAt({ step, now }: { step: Step; now: number }) {
  const parts = []
  if (step.attempt > 1 || willRetry(step)) parts.push(`attempt ${step.attempt}`)
  if (step.state === 'failed' && willRetry(step)) parts.push(retryText(step, now))
  else if (step.state === 'skipped') parts.push('skipped')
  else if (step.state !== 'pending') parts.push(took(step, now))
  const text = parts.filter((part) => part !== undefined).join(' · ')
  return (
    <span className="tabular text-sm text-ink-faint" title={began(step)}>
      {text}
    </span>
  )
}
