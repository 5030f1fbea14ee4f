export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --paper: #fff; --line: #d9dce0; --soft: #5b6470; --better: #1a7f4b; --worse: #b3261e; --open: #3d5a80; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --paper: #15181b; --line: #343a40; --soft: #a0a8b2; --better: #5fd08f; --worse: #ff8a80; --open: #9db9de; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.lead { font-size: 1.15rem; border-left: 4px solid var(--open); padding: .25rem 0 .25rem .8rem; white-space: pre-line; }
.lead.invalid { border-color: var(--worse); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
svg { width: 100%; height: auto; margin: .5rem 0; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .axis { stroke: var(--line); } svg .zero { stroke: var(--soft); stroke-dasharray: 3 3; } svg .tick { fill: var(--soft); }
svg .better { stroke: var(--better); fill: var(--better); } svg .worse { stroke: var(--worse); fill: var(--worse); }
svg .open { stroke: var(--open); fill: var(--open); }
`;
