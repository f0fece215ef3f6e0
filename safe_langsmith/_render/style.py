"""The style of a diagnosis in HTML, on light pages and on dark ones.

Each notebook marks a dark theme differently, and the system's preference says nothing about it: JupyterLab may be
light on a dark system. So the style does not depend on either. Text inherits the colour of the page, coloured text has
its own background, and borders and boxes are a grey that is visible on both.
"""

# Everything is nested in one class, so that no rule applies to the rest of the page. Browsers from 2023 on support
# nesting; in an older one, or on a page that drops style sheets, as GitHub does, plain tables and lists remain.
# The class is named twice to outweigh the notebooks' own rules for code and lists. `!important` outweighs their rules
# for tables of numbers, right-aligned and striped, whose selectors contain an id.
# One click selects a whole block of code. A copy button would need a script, which an untrusted notebook does not run.
STYLE = """
.safe-langsmith.safe-langsmith {
  max-width: 980px; padding: 2px 0 2px 16px; border-left: 4px solid #d1242f; color: inherit;
  font: 14px/1.5 var(--jp-content-font-family, var(--vscode-font-family, system-ui, sans-serif));
  overflow-wrap: break-word;
  & p, & ol { margin: 6px 0; padding: 0; }
  & ol { padding-left: 22px; list-style: decimal; }
  & li { margin: 8px 0; }
  & a { color: inherit; text-decoration: underline; }
  & code, & pre { padding: 0; border: 0; color: inherit; background: none;
    font: 12.5px/1.5 var(--jp-code-font-family, var(--vscode-editor-font-family, ui-monospace, monospace)); }
  & pre { display: flex; justify-content: space-between; gap: 16px; margin: 5px 0; padding: 7px 11px;
    border: 1px solid rgba(128, 128, 128, .35); border-radius: 4px; background: rgba(128, 128, 128, .12);
    white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere; cursor: pointer;
    user-select: all; -webkit-user-select: all; }
  & pre::after { content: "click selects all"; flex: none; font: 11px/1.7 system-ui, sans-serif; opacity: .75;
    user-select: none; -webkit-user-select: none; }
  & b { font-weight: 600; }
  & .leading { margin: 3px 0 8px; font-size: 16px; }
  & .faint { opacity: .75; }
  & .what-to-do { margin: 14px 0 3px; }
  & details { margin: 11px 0 0; overflow-x: auto; }
  & summary { display: list-item; cursor: pointer; }
  & table { width: 100%; margin: 3px 0; border: 0; border-collapse: collapse; table-layout: auto; font-size: 13px;
    color: inherit; }
  & tr, & th, & td { background: none !important; border: 0; color: inherit; font-weight: 400; line-height: 1.45;
    max-width: none; text-align: left !important; vertical-align: top !important; white-space: normal; }
  & th, & td { padding: 4px 16px 4px 0 !important; }
  & tbody tr { border-top: 1px solid rgba(128, 128, 128, .35) !important; }
  & thead th, & th[scope=rowgroup] { font-size: 12px; opacity: .75; }
  & th[scope=rowgroup] { padding-top: 10px !important; }
  & th[scope=row] { white-space: nowrap; }
  & td:last-child { overflow-wrap: anywhere; }
  & .result { display: inline-block; box-sizing: border-box; min-width: 106px; padding: 0 6px; border-radius: 4px;
    border: 1px solid rgba(128, 128, 128, .35); font-size: 12px; text-align: center; white-space: nowrap; }
  & .ok { border-color: #2c974b; }
  & .problem { color: #fff; background: #b3261e; border-color: #b3261e; font-weight: 600; }
  & .unknown { color: #fff; background: #8a5a00; border-color: #8a5a00; }
}
"""
