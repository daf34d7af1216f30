"""Where what a plan changes stands, and whose it is, is told wherever somebody decides about it."""

from tests.cli.conftest import AUTO, MAIN_TF, Program

TOML = '[[targets]]\nname = "shop"\nurl = "."\nenvironment = "{environment}"\nexposure = "internet"\n'
TAGGED = MAIN_TF.replace("}\n", '  tags = { Environment = "production", Owner = "team-shop" }\n}\n')


def plan_of(setright: Program, target: str = "."):
    [plan] = setright("plan", target, "--control", AUTO, "--format", "json").json["plans"]
    return plan


def test_a_plan_tells_where_it_stands_and_whose_it_is(setright: Program) -> None:
    setright.file.write_text(TAGGED + TAGGED.replace('"shop"', '"test"').replace("production", "test").replace("team-shop", "qa"))
    belongs = plan_of(setright)["belongs"]
    assert [(each["environment"], each["owner"]) for each in belongs] == [("production", "team-shop"), ("test", "qa")]
    shown = setright("plan", ".", "--control", AUTO).out
    assert "  stands in   production\n  owner       team-shop  tag: Tags: owner = team-shop\n  stands in   test\n" in shown


def test_of_what_nobody_knows_nothing_is_told(setright: Program) -> None:
    assert plan_of(setright)["belongs"] == []
    shown = setright("plan", ".", "--control", AUTO).out
    assert "puts right" in shown and "stands in" not in shown and "owner" not in shown


def test_a_yes_is_for_where_it_stands_and_not_for_how_that_is_known(setright: Program) -> None:
    def hash_in(environment: str, owners: str) -> str:
        (setright.tree / "setright.toml").write_text(TOML.format(environment=environment))
        (setright.tree / "CODEOWNERS").write_text(owners)
        return plan_of(setright, "shop")["hash"]

    production = hash_in("production", "* @web\n")
    assert production == hash_in("production", "# as agreed\n*.tf @web\n")
    assert production != hash_in("test", "* @web\n")
    assert production != hash_in("production", "* @data\n")


def test_many_owners_are_told_in_short(setright: Program) -> None:
    many = [TAGGED.replace('"shop"', f'"n{n}"').replace("team-shop", f"team-{n}") for n in range(5)]
    setright.file.write_text("".join(many))
    assert len(plan_of(setright)["belongs"]) == 5
    assert "... and 2 more; --format json shows all" in setright("plan", ".", "--control", AUTO).out
