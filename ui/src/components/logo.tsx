/** Our mark: a cylinder, as databases are drawn. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden>
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <g fill="none" strokeWidth="2.4" className="stroke-accent-ink">
        <ellipse cx="16" cy="10" rx="8" ry="3.2" />
        <path d="M8 10v12c0 1.8 3.6 3.2 8 3.2s8-1.4 8-3.2V10M8 16c0 1.8 3.6 3.2 8 3.2s8-1.4 8-3.2" />
      </g>
    </svg>
  )
}
