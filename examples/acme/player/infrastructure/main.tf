# what the player needs in the cloud

resource "aws_s3_bucket" "thumbs" {
  bucket = "acme-player-thumbs"
}

resource "aws_ebs_volume" "scratch" {
  availability_zone = "eu-central-1a"
  size              = 200 # GiB, for transcoding
}

resource "aws_sqs_queue" "jobs" {
  name = "player-jobs"
}

resource "aws_ecr_repository" "player" {
  name                 = "player"
  image_tag_mutability = "MUTABLE" # "latest" moves
}

resource "aws_security_group" "redis" {
  name        = "player-cache"
  description = "Redis of the player"

  ingress {
    from_port   = 6379
    to_port     = 6379
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "transcoder" {
  ami           = "ami-0a1b2c3d4e5f60718"
  instance_type = "c6i.xlarge"

  root_block_device {
    volume_size = 40
  }
}

resource "aws_cloudwatch_log_group" "player" {
  name = "/acme/player"
}
