import { cx } from '@/lib/cx'

/** What a badge's colour says; never the only sign, since the word is always there. */
export type Tone = 'good' | 'busy' | 'neutral' | 'warn' | 'bad'

const tones: Record<Tone, { badge: string; dot: string }> = {
  good: { badge: 'bg-good-wash text-good-ink', dot: 'bg-good' },
  busy: { badge: 'bg-busy-wash text-busy-ink', dot: 'bg-busy' },
  neutral: { badge: 'bg-sunken text-ink-soft', dot: 'bg-ink-faint' },
  warn: { badge: 'bg-warn-wash text-warn-ink', dot: 'bg-warn' },
  bad: { badge: 'bg-bad-wash text-bad-ink', dot: 'bg-bad' },
}

/** A small round light; it pulses while something is under way. */
export function Dot({ tone, pulse = false }: { tone: Tone; pulse?: boolean }) {
  return (
    <span className="relative flex size-2 shrink-0" aria-hidden>
      {pulse && (
        <span className={cx('absolute inset-0 animate-ping rounded-full opacity-60', tones[tone].dot)} />
      )}
      <span className={cx('relative size-2 rounded-full', tones[tone].dot)} />
    </span>
  )
}

export function Badge({ tone, pulse = false, children }: { tone: Tone; pulse?: boolean; children: string }) {
  return (
    <span
      className={cx(
        'inline-flex items-center gap-1.5 rounded-full py-0.5 pr-2.5 pl-2 text-sm font-medium whitespace-nowrap',
        tones[tone].badge,
      )}
    >
      <Dot tone={tone} pulse={pulse} />
      {children}
    </span>
  )
}
