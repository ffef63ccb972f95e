"""One run reports every mistake of a tree, exactly where it stands.

In the files below `«OBJ0301»` stands right before the place where that finding belongs; the marks
are taken out before the files are read.
"""

import re
from pathlib import Path

from objectry.findings import CODES, Finding
from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents, load_tree
from objectry.metadata.model import Catalog

FILES = {
    "objects/shop/service.yaml": """
service: shop
label: Shop
port: «OBJ0207»99999
objects: [note, «OBJ0311»notte]
---
service: archive
port: 3001
---
service: attic
port: «OBJ0308»3001
---
role: clerk
permissions:
  «OBJ0311»artcle: {read: true}
  article:
    read: «OBJ0404»ownr == user.id
    «OBJ0203»lable: Clerk
---
role: manager
label: «OBJ0205»2026
---
«OBJ0204»sequence: paper_number
label: Papers
""",
    "objects/shop/names.yaml": """
object: «OBJ0301»Article
service: shop
---
object: article
service: shop
fields:
  «OBJ0301»colour__2: {type: text}
  «OBJ0302»created_at: {type: date}
  «OBJ0302»limit: {type: integer}
  «OBJ0302»status: {type: text}
  name: {type: text, required: true, was: «OBJ0305»title}
  title: {type: text}
workflow:
  initial: «OBJ0314»drft
  states: {draft: {}, ready: {}, gone: {final: true}}
  transitions:
    finish: {from: [draft, «OBJ0341»gone], to: ready, roles: [«OBJ0313»clrk]}
    drop:   {from: ready, to: gone, when: name > «OBJ0406»5, event: «OBJ0355»article_dropped}
conversions:
  «OBJ0345»«OBJ0304»drop: {to: article}
  copy:
    to: article
    «OBJ0345»map:
      title: name
events: {created: ArticleCreated}
---
object: note
plural: «OBJ0303»articles
fields:
  subject: {type: text}
events: {created: «OBJ0356»ArticleCreated}
permissions:
  «OBJ0313»cleck: {read: true}
  clerk:
    read: true
    transitions: [«OBJ0315»send]
    conversions: [«OBJ0316»copy]
    fields: {«OBJ0312»subjct: none}
""",
    "objects/shop/fields.yaml": """
«OBJ0306»object: basket
label: Basket
---
object: order
service: «OBJ0310»shopp
«OBJ0203»lable: Order
title: «OBJ0312»nummer
numbering: {pattern: "«OBJ0350»{nr}{lines}{seq}", scope: [«OBJ0326»lines], date: «OBJ0326»subject}
indexes: [[subject, «OBJ0307»subject], [«OBJ0506»spot]]
fields:
  subject:   {type: text, «OBJ0320»precision: 3}
  urgency:   {type: select, options: [low, «OBJ0324»low], default: «OBJ0347»"'hihg'"}
  «OBJ0321»kind:      {type: select, label: Kind}
  days:      {type: integer, min: «OBJ0322»9, max: 2, required: «OBJ0205»yes}
  code:      {type: text, pattern: «OBJ0323»'(a'}
  total:     {type: money, formula: sum(lines.amount), «OBJ0325»default: 0}
  tax:       {type: money, computed: «OBJ0328»taxx}
  weight:    {type: «OBJ0206»decimall}
  place:     {type: text, formula: article.title}
  article:   {type: link, to: «OBJ0311»artikle}
  good:      {type: link, to: article}
  spot:      {type: text, formula: good.title}
  frozen:    {type: text, formula: «OBJ0503»spot, snapshot: true}
  paid:      {type: money, default: «OBJ0502»total}
  price:     {type: money, currency: «OBJ0327»EURO}
  site:      {type: «OBJ0206»immage}
  secret:    {type: text, «OBJ0505»required: true, hidden: true}
  start:     {type: date, default: «OBJ0412»5}
  rebate:    {type: percent, min: 0, max: 100, default: «OBJ0348»-1}
  label:     {type: text, label: «OBJ0109»"A\\u202E", pattern: '^A', default: «OBJ0348»"'offer'"}
  initials:  {type: text, max_length: 2, default: «OBJ0348»"'abc'"}
  home:      {type: country, default: «OBJ0348»"'de'"}
  coin:      {type: currency, default: «OBJ0348»"'EURO'"}
  sender:    {type: email, default: «OBJ0348»"'ada at home'"}
  size:      {type: select, options: [small, big], formula: «OBJ0347»"'small' if one > 3 else 'bg'"}
  count_of:  {type: integer, default: «OBJ0348»99999999999999999999}
  other:     {type: link, to: order, default: «OBJ0346»good}
  one:       {type: integer, formula: «OBJ0501»two + 1}
  two:       {type: integer, formula: one + 1}
  lines:     {type: table, of: order_line}
  more:      {type: table, of: «OBJ0330»order_line}
checks:
  - rule: subject == 'a' and «OBJ0405»shout(subject) == 'A'
    message: Not so.
  - «OBJ0204»rule: days > 1
immutable: {when: "days > 3", except: [«OBJ0312»subjekt]}
permissions:
  clerk: {read: true, fields: {price: none}}
---
object: order_line
service: shop
«OBJ0333»numbering: «OBJ0317»line_numbers
fields:
  amount: {type: money, formula: «OBJ0504»parent.price * 2}
  parts:  {type: table, of: «OBJ0331»part}
---
object: part
service: shop
fields:
  again: {type: table, of: «OBJ0332»part}
---
object: bill
service: shop
numbering: {pattern: "B-{seq}", reset: «OBJ0351»year, scope: [«OBJ0351»text]}
fields:
  text: {type: text}
  «OBJ0102»text: {type: text}
  «OBJ0107»{a}: {type: text}
---
object: «OBJ0210»bill
service: shop
""",
    "layouts/shop/layouts.yaml": """
layout: article.list
object: article
kind: list
columns: [name, «OBJ0312»nam, «OBJ0326»name.title]
«OBJ0370»sections: [{fields: [name]}]
---
layout: «OBJ0371»basket.form
object: article
kind: form
sections:
  - {fields: [name], columns: 2}
  - {table: «OBJ0326»name}
---
layout: article.board
object: article
kind: kanban
field: «OBJ0326»name
columns: [«OBJ0312»nam]
«OBJ0370»end: «OBJ0326»name
---
«OBJ0372»layout: article.empty_board
object: article
kind: kanban
---
layout: article.calendar
object: article
kind: calendar
start: «OBJ0312»begin
end: created_at
---
layout: order.calendar
object: order
kind: calendar
start: created_at
end: «OBJ0326»subject
«OBJ0370»sort: subject
---
report: «OBJ0301»Papers
object: «OBJ0311»artcle
---
report: articles
object: article
parameters:
  «OBJ0380»name: {type: text}
  kind: {type: «OBJ0206»dat}
  «OBJ0381»one: {type: link}
  day: {type: date, default: «OBJ0412»5, «OBJ0381»options: [a]}
  «OBJ0388»cursor: {type: integer}
columns: [«OBJ0312»nam]
---
report: orders
object: order
parameters: {since: {type: date}}
where: created_at > «OBJ0404»sinc
columns: [subject, «OBJ0326»subject.name]
groups: [{field: subject, by: «OBJ0326»month}, {field: created_at, by: «OBJ0206»weeks}]
totals: {days: sum, subject: «OBJ0383»avg, «OBJ0312»dais: count}
sort: «OBJ0326»lines
chart: {kind: bar, group: «OBJ0384»days}
roles: [clerk, «OBJ0313»clrk]
---
report: «OBJ0382»nothing
object: order
---
«OBJ0201»- layout: article.other
---
«OBJ0202»layuot: article.form
---
«OBJ0204»«OBJ0204»«OBJ0204»automation: remind
---
dashboard: sales
tiles:
  - {kind: «OBJ0206»table, report: orders}
  - {kind: list, report: «OBJ0385»ordrs}
  - {kind: «OBJ0386»chart, report: articles}
  - {kind: chart, report: orders, «OBJ0386»total: days}
  - {kind: number, report: orders, total: «OBJ0386»daiys}
  - {kind: number, report: orders, parameters: {since: «OBJ0412»5, «OBJ0387»sinc: 1}}
roles: [«OBJ0313»clrk]
""",
    "objects/shop/marks.yaml": """
object: letter
service: shop
label: «OBJ0103»&name Letter
help: «OBJ0103»*name
fields:
  a: {type: text, label: «OBJ0104»!big A}
workflow:
  initial: new
  states: [new, read, «OBJ0342»lost]
  transitions:
    read: {from: new, to: read}
""",
    "objects/shop/syntax.yaml": """
object: parcel
service: shop
fields:
  b: {type: text, label: [«OBJ0101»}
""",
    "objects/shop/deep.yaml": f"object: deep\nfields: {'[' * 19}«OBJ0106»[1{']' * 20}\n",
}
MARK = re.compile("«(OBJ[0-9]{4})»")


def marked(files: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The files without marks, and the marks as `file:line:column code`."""
    texts: dict[str, str] = {}
    marks: list[str] = []
    for file, text in files.items():
        lines: list[str] = []
        for number, line in enumerate(text.strip("\n").split("\n"), start=1):
            while found := MARK.search(line):
                marks.append(f"{file}:{number}:{found.start() + 1} {found[1]}")
                line = line[: found.start()] + line[found.end() :]
            lines.append(line)
        texts[file] = "\n".join(lines) + "\n"
    return texts, marks


def findings_of(files: dict[str, str]) -> list[Finding]:
    loaded = load_documents(files)
    return [*loaded.findings, *check(loaded.definitions, loaded.sources, Catalog())]


def test_all_mistakes_of_a_tree_come_in_one_run_where_they_stand() -> None:
    files, marks = marked(FILES)
    found = [f"{finding.position} {finding.code}" for finding in findings_of(files)]
    assert sorted(marks) == sorted(found)


def test_the_tree_has_most_codes_in_it() -> None:
    _, marks = marked(FILES)
    seen = {mark.split()[1] for mark in marks}
    assert len(seen) >= 55
    assert seen <= set(CODES)


def test_two_hundred_mistakes_give_two_hundred_findings() -> None:
    fields = "\n".join(f"  f{n}: {{type: link, to: nothing_{n}}}" for n in range(200))
    text = f"service: shop\n---\nobject: thing\nservice: shop\nfields:\n{fields}\n"
    found = findings_of({"a.yaml": text})
    assert [("OBJ0311", n + 6) for n in range(200)] == [
        (f.code, f.position.line if f.position else 0) for f in found
    ]


def test_a_tree_on_disk_is_read_as_its_texts_are(tmp_path: Path) -> None:
    files, _ = marked(FILES)
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    loaded = load_tree(tmp_path)
    assert sorted(load_documents(files).findings, key=str) == sorted(loaded.findings, key=str)
