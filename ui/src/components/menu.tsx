import * as Radix from '@radix-ui/react-dropdown-menu'
import { Check } from 'lucide-react'
import type { ReactNode } from 'react'

import { cx } from '@/lib/cx'

const itemClass =
  'flex h-8 items-center gap-2 rounded-md px-2 text-base text-ink outline-none select-none data-highlighted:bg-sunken [&_svg]:size-4 [&_svg]:text-ink-faint'

/** A menu that opens from its trigger. Not modal, since that would add a style element. */
export function Menu({
  trigger,
  label,
  children,
}: {
  trigger: ReactNode
  label: string
  children: ReactNode
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild aria-label={label}>
        {trigger}
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          className="z-30 min-w-52 rounded-lg border bg-surface p-1 shadow-lift"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

export function MenuItem({ onSelect, children }: { onSelect: () => void; children: ReactNode }) {
  return (
    <Radix.Item className={itemClass} onSelect={onSelect}>
      {children}
    </Radix.Item>
  )
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2 py-1.5 text-sm text-ink-faint">{children}</Radix.Label>
}

export function MenuSeparator() {
  return <Radix.Separator className="-mx-1 my-1 h-px bg-line" />
}

interface ChoiceProps<T extends string> {
  label: string
  value: T
  choices: { value: T; label: string; icon: ReactNode }[]
  onChange: (value: T) => void
}

/** A choice among a few within a menu. */
export function MenuChoice<T extends string>({ label, value, choices, onChange }: ChoiceProps<T>) {
  return (
    <>
      <MenuLabel>{label}</MenuLabel>
      <Radix.RadioGroup
        value={value}
        onValueChange={(next) => {
          const choice = choices.find((c) => c.value === next)
          if (choice) onChange(choice.value)
        }}
      >
        {choices.map((choice) => (
          <Radix.RadioItem
            key={choice.value}
            value={choice.value}
            className={cx(itemClass)}
            onSelect={(event) => event.preventDefault()}
          >
            {choice.icon}
            <span className="flex-1">{choice.label}</span>
            <Radix.ItemIndicator>
              <Check aria-hidden />
            </Radix.ItemIndicator>
          </Radix.RadioItem>
        ))}
      </Radix.RadioGroup>
    </>
  )
}

interface ChecksProps<T extends string> {
  label: string
  values: readonly T[]
  choices: { value: T; label: string }[]
  onChange: (values: T[]) => void
}

/** Any number of a few choices within a menu, which stays open. */
export function MenuChecks<T extends string>({ label, values, choices, onChange }: ChecksProps<T>) {
  return (
    <>
      <MenuLabel>{label}</MenuLabel>
      {choices.map(({ value, label }) => (
        <Radix.CheckboxItem
          key={value}
          checked={values.includes(value)}
          className={itemClass}
          onSelect={(event) => event.preventDefault()}
          onCheckedChange={(on) => onChange(on ? [...values, value] : values.filter((v) => v !== value))}
        >
          <span className="flex-1">{label}</span>
          <Radix.ItemIndicator>
            <Check aria-hidden />
          </Radix.ItemIndicator>
        </Radix.CheckboxItem>
      ))}
    </>
  )
}
