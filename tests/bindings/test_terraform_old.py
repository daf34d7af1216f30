"""What edits say in modules that only Terraform 0.11 and before read."""

import json

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.layouts._terraform_json import encoded
from setright.bindings.source import Source
from setright.model import Edit, Plain, Unknown

TOPIC: dict[str, Plain] = {"type": "aws_sns_topic", "Key": {"at": "kms_master_key_id"}, "Name": {"at": "name"}}
NEW = 'resource "aws_sns_topic" "t" {\n  name = "t"\n\n  tags = {\n    Team = "a"\n  }\n}\n'
OLD = NEW.replace("tags =", "tags")


def edited(text: str, edit: Edit) -> Plain:
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    return terraform.edit(TOPIC, terraform.view("k", TOPIC, given)[0], [edit], [], given)[0][1].value


def test_a_reference_stands_in_a_text_there() -> None:
    key = Edit(("Key",), Unknown("aws_kms_key.data.arn"))
    assert edited(OLD, key) == Unknown('"${aws_kms_key.data.arn}"')
    assert edited(NEW, key) == Unknown("aws_kms_key.data.arn")


def test_a_value_that_is_no_expression_is_as_anywhere() -> None:
    assert edited(OLD, Edit(("Name",), "u")) == "u"


def test_each_of_several_stands_in_the_words_that_it_had() -> None:
    assert edited(OLD, Edit(("Key",), Unknown("aws_kms_key.data[count.index].arn"))) == Unknown(
        '"${element(aws_kms_key.data.*.arn, count.index)}"'
    )
    assert edited(OLD, Edit(("Key",), Unknown("length(aws_kms_key.data)"))) == Unknown('"${length(aws_kms_key.data.*.id)}"')


def test_an_object_stands_as_json_in_a_heredoc() -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Action": ["a:b", "c:d"], "Resource": Unknown("aws_x.y.arn"), "x:y": "${data.z.id}"}],
    }
    given = Unknown(encoded(policy, "  "))
    assert edited(NEW, Edit(("Key",), given)) == given
    told = edited(OLD, Edit(("Key",), given))
    assert isinstance(told, Unknown)
    assert told.text.startswith("<<EOF\n{\n")
    assert json.loads(told.text.removeprefix("<<EOF\n").removesuffix("\nEOF")) == {
        "Version": "2012-10-17",
        "Statement": [{"Action": ["a:b", "c:d"], "Resource": "${aws_x.y.arn}", "x:y": "${data.z.id}"}],
    }


def test_an_object_in_which_nothing_is_filled_in_is_a_text() -> None:
    assert (
        edited(OLD, Edit(("Key",), Unknown(encoded({"Statement": [{"Resource": "*"}]}, "  "))))
        == '{"Statement": [{"Resource": "*"}]}'
    )


def test_what_its_language_cannot_say_is_refused() -> None:
    policy = Edit(("Key",), Unknown("{ for key in var.keys : key => key }"))
    assert edited(NEW, policy) == policy.value
    with pytest.raises(BindingError, match=r"language of Terraform 0\.11"):
        edited(OLD, policy)


@pytest.mark.parametrize(("root", "is_old"), [(OLD, True), (NEW, False)])
def test_a_module_is_as_old_as_who_calls_it(root: str, is_old: bool) -> None:
    call = 'module "between" {\n  source = "./between"\n}\n'
    texts = {
        "main.tf": root + call,
        "between/main.tf": call.replace("between", "inner"),
        "between/inner/main.tf": 'resource "aws_sns_topic" "i" {}\n',
    }
    given = {name: Source(name, "hcl", lenses.get("hcl", text.encode())) for name, text in texts.items()}
    [inner] = [each for each in terraform.view("k", TOPIC, given) if each.home[0] == "between/inner/main.tf"]
    key = Edit(("Key",), Unknown("aws_kms_key.data.arn"))
    said = terraform.edit(TOPIC, inner, [key], [], given)[0][1].value
    assert said == Unknown('"${aws_kms_key.data.arn}"' if is_old else "aws_kms_key.data.arn")
